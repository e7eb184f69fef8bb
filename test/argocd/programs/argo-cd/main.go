// Command argo-cd is the components of Argo CD that a sync needs, in one program as upstream has it: the one that
// ARGOCD_BINARY_NAME names, which git-ask-pass is started with too (argo-cd: cmd/main.go).
package main

import (
	"context"
	"fmt"
	"os"

	controller "github.com/argoproj/argo-cd/v3/cmd/argocd-application-controller/commands"
	cmpserver "github.com/argoproj/argo-cd/v3/cmd/argocd-cmp-server/commands"
	gitaskpass "github.com/argoproj/argo-cd/v3/cmd/argocd-git-ask-pass/commands"
	reposerver "github.com/argoproj/argo-cd/v3/cmd/argocd-repo-server/commands"
	"github.com/argoproj/argo-cd/v3/util/log"
	"github.com/spf13/cobra"
	"k8s.io/klog/v2"
)

func main() {
	klog.SetLogger(log.NewLogrusLogger(log.NewWithCurrentConfig()))
	components := map[string]func() *cobra.Command{
		"argocd-application-controller": controller.NewCommand,
		"argocd-cmp-server":             cmpserver.NewCommand,
		"argocd-git-ask-pass":           gitaskpass.NewCommand,
		"argocd-repo-server":            reposerver.NewCommand,
		"ask-repo-server":               newAskCommand,
	}
	component, known := components[os.Getenv("ARGOCD_BINARY_NAME")]
	if !known {
		fmt.Fprintln(os.Stderr, "ARGOCD_BINARY_NAME names no component")
		os.Exit(2)
	}
	if component().ExecuteContext(context.Background()) != nil {
		os.Exit(1)
	}
}
