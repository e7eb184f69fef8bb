# The sidecar of Argo CD's repo-server. A release gives the base images with their digests:
#   docker build --build-arg NODE_IMAGE=node:24-trixie-slim@sha256:… --build-arg TRIVY_GATE_COMMIT=$(git rev-parse --short=12 HEAD) .
ARG GO_IMAGE=golang:1.26-trixie
ARG NODE_IMAGE=node:24-trixie-slim
ARG RUNTIME_IMAGE=debian:trixie-slim

FROM ${NODE_IMAGE} AS node

# The pinned tools, from the same file and by the same script as in a checkout.
FROM ${GO_IMAGE} AS tools
COPY --from=node /usr/local/bin/node /usr/local/bin/node
COPY plugin/tools.json plugin/build-tools.mjs plugin/tool-cache.mjs /build/plugin/
RUN node /build/plugin/build-tools.mjs --into /tools

FROM node AS program
ARG TRIVY_GATE_COMMIT
WORKDIR /build
COPY package.json package-lock.json .npmrc ./
RUN npm ci
COPY tsconfig.json ./
COPY plugin plugin
COPY src src
# The image has no /usr/bin/env.
RUN npm run build && sed -i '1s|.*|#!/usr/local/bin/node|' dist/trivy-gate.js && chmod 0755 dist/trivy-gate.js

# git is for Kustomize's remote bases; tini is PID 1, reaps what a killed call leaves, and ends with the sidecar. Base
# images lag behind Debian's fixes, hence the upgrade.
FROM ${RUNTIME_IMAGE} AS root
RUN export DEBIAN_FRONTEND=noninteractive \
 && apt-get update \
 && apt-get upgrade -y \
 && apt-get install -y --no-install-recommends ca-certificates git libstdc++6 tini
COPY --from=node /usr/local/bin/node /usr/local/bin/node
COPY plugin/image-root.sh /build/
RUN sh /build/image-root.sh /image \
    /usr/local/bin/node /usr/bin/tini /usr/bin/git /usr/lib/git-core/git-remote-http /usr/lib/git-core/git-remote-https \
 && install -d /image/usr/local/bin /empty \
 && ln -s ../lib/trivy-gate/trivy-gate.js /image/usr/local/bin/trivy-gate

# No shell, no package manager, nothing that is not run.
FROM scratch
COPY --from=root /image/ /
COPY --from=root --chown=999:999 /empty/ /var/cache/trivy-gate/
COPY --from=tools /tools/ /usr/local/bin/
COPY --from=program /build/dist/ /usr/local/lib/trivy-gate/
COPY package.json /usr/local/lib/trivy-gate/
COPY LICENSE /usr/share/doc/argocd-trivy-gate/LICENSE
COPY plugin.yaml /home/argocd/cmp-server/config/plugin.yaml
ENV PATH=/usr/local/bin:/usr/bin TRIVY_GATE_CACHE_DIR=/var/cache/trivy-gate
USER 999
WORKDIR /home/argocd
ENTRYPOINT ["tini", "--"]
# The scan service, and beside it Argo CD's plugin server; what stands behind "--" would be started instead of that.
CMD ["trivy-gate", "sidecar"]
