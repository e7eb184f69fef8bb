// Command kubernetes is the API server and the controller manager, in one program: the first argument says which.
package main

import (
	"fmt"
	"os"

	"github.com/spf13/cobra"
	"k8s.io/component-base/cli"
	_ "k8s.io/component-base/logs/json/register"
	apiserver "k8s.io/kubernetes/cmd/kube-apiserver/app"
	controllers "k8s.io/kubernetes/cmd/kube-controller-manager/app"
)

func main() {
	components := map[string]func() *cobra.Command{
		"kube-apiserver":          apiserver.NewAPIServerCommand,
		"kube-controller-manager": controllers.NewControllerManagerCommand,
	}
	os.Args = os.Args[1:]
	if len(os.Args) == 0 || components[os.Args[0]] == nil {
		fmt.Fprintln(os.Stderr, "usage: kubernetes kube-apiserver | kube-controller-manager [flags]")
		os.Exit(2)
	}
	os.Exit(cli.Run(components[os.Args[0]]()))
}
