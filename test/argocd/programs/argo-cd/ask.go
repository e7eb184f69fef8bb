package main

import (
	"context"
	"encoding/json"
	"fmt"
	"os"

	"github.com/argoproj/argo-cd/v3/reposerver/apiclient"
	"github.com/spf13/cobra"
)

// newAskCommand calls the repo-server as Argo CD's controller and API server do: a request as JSON on stdin, the
// answer as JSON on stdout.
func newAskCommand() *cobra.Command {
	return &cobra.Command{
		Use:  "ask-repo-server ADDRESS GenerateManifest|GetAppDetails",
		Args: cobra.ExactArgs(2),
		// A refusal is an answer, not a misuse.
		SilenceUsage: true,
		RunE: func(command *cobra.Command, args []string) error {
			connection, client, err := apiclient.NewRepoServerClientset(args[0], 60, apiclient.TLSConfiguration{DisableTLS: true}).NewRepoServerClient()
			if err != nil {
				return err
			}
			defer connection.Close()
			answer, err := ask(command.Context(), client, args[1])
			if err != nil {
				return err
			}
			return json.NewEncoder(os.Stdout).Encode(answer)
		},
	}
}

func ask(ctx context.Context, client apiclient.RepoServerServiceClient, method string) (any, error) {
	switch method {
	case "GenerateManifest":
		var request apiclient.ManifestRequest
		if err := json.NewDecoder(os.Stdin).Decode(&request); err != nil {
			return nil, err
		}
		return client.GenerateManifest(ctx, &request)
	case "GetAppDetails":
		var request apiclient.RepoServerAppDetailsQuery
		if err := json.NewDecoder(os.Stdin).Decode(&request); err != nil {
			return nil, err
		}
		return client.GetAppDetails(ctx, &request)
	}
	return nil, fmt.Errorf("the repo-server has no method %q that is asked for here", method)
}
