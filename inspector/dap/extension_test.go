package dap

import (
	"encoding/json"
	"os"
	"slices"
	"testing"
)

// The extension for VS Code knows the fields that a configuration may have, all of them
// and no others.
func TestExtension(t *testing.T) {
	b, err := os.ReadFile("../../editors/vscode/package.json")
	if err != nil {
		t.Fatal(err)
	}
	type attributes struct {
		Properties map[string]any `json:"properties"`
	}
	var manifest struct {
		Contributes struct {
			Debuggers []struct {
				Type       string                `json:"type"`
				Attributes map[string]attributes `json:"configurationAttributes"`
			} `json:"debuggers"`
		} `json:"contributes"`
	}
	if err := json.Unmarshal(b, &manifest); err != nil {
		t.Fatal(err)
	}
	if all := manifest.Contributes.Debuggers; len(all) != 1 || all[0].Type != "swinspect" {
		t.Fatalf("debuggers: %+v", all)
	}
	own := []string{"noDebug", "cwd"} // which editors set themselves
	for request, of := range map[string]any{"launch": &Launch{}, "attach": &Attach{}} {
		known := names(of)
		properties := manifest.Contributes.Debuggers[0].Attributes[request].Properties
		for _, name := range known {
			if properties[name] == nil && !slices.Contains(own, name) {
				t.Errorf("%s: the extension does not know %s", request, name)
			}
		}
		for name := range properties {
			if !slices.Contains(known, name) {
				t.Errorf("%s: nobody reads %s", request, name)
			}
		}
	}
}
