module argocd-trivy-gate/lab/certificates

go 1.26
