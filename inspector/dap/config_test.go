package dap

import (
	"encoding/json"
	"testing"
)

// What a field takes is said in the words of launch.json.
func TestArgumentsOfAnotherKind(t *testing.T) {
	for given, want := range map[string]string{
		`{"site": 5}`:                        "site: it takes a string or a list of strings, this is of the kind number",
		`{"site": ["a", {}]}`:                "site: it takes a string or a list of strings, this is of the kind object",
		`{"breakpoints": true}`:              "breakpoints: it takes a string or a list of strings, this is of the kind bool",
		`{"url": ["a"]}`:                     "url: it takes a string, this is of the kind array",
		`{"stopOnEntry": "yes"}`:             "stopOnEntry: it takes true or false, this is of the kind string",
		`{"pathMappings": "a"}`:              "pathMappings: it takes an object, this is of the kind string",
		`{"headless": 1}`:                    "headless: it takes true or false, this is of the kind number",
		`{"pathMappings": {"https://a": 1}}`: "pathMappings: each of its values is a string, one is of the kind number",
		`[]`:                                 "the arguments are no object but of the kind array",
	} {
		if _, err := decode(json.RawMessage(given), new(Launch)); err == nil || err.Error() != want {
			t.Errorf("%s: %v, want %s", given, err, want)
		}
	}
}
