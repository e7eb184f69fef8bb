# The sidecar of Argo CD's repo-server. A release gives the base images with their digests:
#   docker build --build-arg NODE_IMAGE=node:24-bookworm@sha256:… --build-arg TRIVY_GATE_COMMIT=$(git rev-parse --short=12 HEAD) .
ARG GO_IMAGE=golang:1.26-bookworm
ARG NODE_IMAGE=node:24-bookworm
ARG RUNTIME_IMAGE=debian:bookworm-slim

FROM ${GO_IMAGE} AS go

# The pinned tools, from the same file and by the same script as in a checkout.
FROM ${NODE_IMAGE} AS tools
COPY --from=go /usr/local/go /usr/local/go
ENV PATH=/usr/local/go/bin:$PATH
COPY plugin/tools.json plugin/build-tools.mjs plugin/tool-cache.mjs /build/plugin/
RUN node /build/plugin/build-tools.mjs --into /tools

FROM ${NODE_IMAGE} AS program
ARG TRIVY_GATE_COMMIT
WORKDIR /build
COPY package.json package-lock.json .npmrc ./
RUN npm ci
COPY tsconfig.json ./
COPY plugin plugin
COPY src src
RUN npm run build

FROM ${RUNTIME_IMAGE}
# git is for Kustomize's remote bases; tini is PID 1, reaps what a killed call leaves, and ends with the sidecar.
RUN apt-get update \
 && apt-get install -y --no-install-recommends ca-certificates git tini \
 && rm -rf /var/lib/apt/lists/* \
 && groupadd --gid 999 argocd \
 && useradd --uid 999 --gid 999 --home-dir /home/argocd --create-home argocd \
 && install -d -o 999 -g 999 /var/cache/trivy-gate
COPY --from=program /usr/local/bin/node /usr/local/bin/node
COPY --from=tools /tools/ /usr/local/bin/
COPY --from=program /build/dist/ /usr/local/lib/trivy-gate/
COPY --from=program /build/package.json /usr/local/lib/trivy-gate/package.json
RUN chmod 0755 /usr/local/lib/trivy-gate/trivy-gate.js \
 && ln -s /usr/local/lib/trivy-gate/trivy-gate.js /usr/local/bin/trivy-gate
COPY LICENSE /usr/share/doc/argocd-trivy-gate/LICENSE
COPY plugin.yaml /home/argocd/cmp-server/config/plugin.yaml
ENV TRIVY_GATE_CACHE_DIR=/var/cache/trivy-gate
USER 999
WORKDIR /home/argocd
ENTRYPOINT ["tini", "--"]
# The scan service, and beside it Argo CD's plugin server; what stands behind "--" would be started instead of that.
CMD ["trivy-gate", "sidecar"]
