package main

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"strings"

	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"
	"k8s.io/apimachinery/pkg/runtime"
	kubeyaml "k8s.io/apimachinery/pkg/util/yaml"
	"sigs.k8s.io/yaml"
)

// applied plays the three programs in turn: what one hands to the next is text, which the next reads again.
func applied(stdout []byte) ([]map[string]any, error) {
	documents, err := serveOutput(stdout)
	if err != nil {
		return nil, fmt.Errorf("cmp-server: %w", err)
	}
	manifests, err := generateManifests(documents)
	if err != nil {
		return nil, fmt.Errorf("repo-server: %w", err)
	}
	objects, err := targetObjects(manifests)
	if err != nil {
		return nil, fmt.Errorf("application-controller: %w", err)
	}
	return objects, nil
}

// serveOutput is what the cmp-server does: one newline at the end is trimmed, and every document becomes JSON.
func serveOutput(stdout []byte) ([]string, error) {
	return splitToJSON([]byte(strings.TrimSuffix(string(stdout), "\n")))
}

// splitToJSON reads a stream the way that SplitYAMLToString of gitops-engine does.
func splitToJSON(stream []byte) ([]string, error) {
	documents := []string{}
	decoder := kubeyaml.NewYAMLOrJSONDecoder(bytes.NewReader(stream), 4096)
	for {
		var document runtime.RawExtension
		err := decoder.Decode(&document)
		if errors.Is(err, io.EOF) {
			return documents, nil
		}
		if err != nil {
			return nil, err
		}
		if text := string(bytes.TrimSpace(document.Raw)); text != "" && text != "null" {
			documents = append(documents, text)
		}
	}
}

// generateManifests is what the repo-server does with a plugin's documents: each is read as a stream once more, lists
// without items are dropped, lists are taken apart, and every object becomes JSON. Tracking is left out.
func generateManifests(documents []string) ([]string, error) {
	manifests := []string{}
	for _, document := range documents {
		inner, err := splitToJSON([]byte(document))
		if err != nil {
			return nil, err
		}
		for _, text := range inner {
			var object unstructured.Unstructured
			if err := yaml.Unmarshal([]byte(text), &object); err != nil {
				return nil, err
			}
			targets, err := flattened(&object)
			if err != nil {
				return nil, err
			}
			for _, target := range targets {
				manifest, err := json.Marshal(target)
				if err != nil {
					return nil, err
				}
				manifests = append(manifests, string(manifest))
			}
		}
	}
	return manifests, nil
}

func flattened(object *unstructured.Unstructured) ([]map[string]any, error) {
	if !object.IsList() {
		if isNullList(object.Object) {
			return nil, nil
		}
		return []map[string]any{object.Object}, nil
	}
	var targets []map[string]any
	err := object.EachListItem(func(item runtime.Object) error {
		target, ok := item.(*unstructured.Unstructured)
		if !ok {
			return errors.New("a list item has an unexpected type")
		}
		targets = append(targets, target.Object)
		return nil
	})
	return targets, err
}

// isNullList tells what a list without items looks like once Kubernetes' own types have printed it.
func isNullList(object map[string]any) bool {
	items, found := object["items"]
	_, hasSpec := object["spec"]
	_, hasStatus := object["status"]
	return found && items == nil && !hasSpec && !hasStatus
}

// targetObjects is what the application-controller does first: it takes nothing without a kind.
func targetObjects(manifests []string) ([]map[string]any, error) {
	objects := []map[string]any{}
	for _, manifest := range manifests {
		if manifest == "" || manifest == "null" {
			continue
		}
		var object unstructured.Unstructured
		if err := json.Unmarshal([]byte(manifest), &object); err != nil {
			return nil, err
		}
		objects = append(objects, object.Object)
	}
	return objects, nil
}
