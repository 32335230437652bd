package script

import (
	"encoding/base64"
	"errors"
	"strings"

	"github.com/evanw/esbuild/pkg/api"
)

// unsupported is the syntax that the interpreter lacks and esbuild can do without.
var unsupported = map[string]bool{
	"async-generator": false, "for-await": false, "decorators": false, "using": false, "dynamic-import": false,
	"regexp-dot-all-flag": true, "import-meta": false,
}

// noImport is what stands where a lowered import() was: a promise that is rejected.
const noImport = `__toESM((() => { throw new TypeError("import() is disallowed on ServiceWorkerGlobalScope by the HTML specification. See https://github.com/w3c/ServiceWorker/issues/1356.") })(`

// lower rewrites what the interpreter cannot parse; false when that does not help.
// The result ends in an inline source map.
func lower(url, source string) (string, bool) {
	r := api.Transform(source, api.TransformOptions{
		Loader: api.LoaderJS, Target: api.ESNext, Supported: unsupported, Sourcefile: url,
		Sourcemap: api.SourceMapInline, SourcesContent: api.SourcesContentExclude, LogLevel: api.LogLevelSilent,
		LegalComments: api.LegalCommentsNone, KeepNames: false,
	})
	if len(r.Errors) > 0 {
		return "", false
	}
	return strings.ReplaceAll(string(r.Code), "__toESM(require(", noImport), true
}

var errForeignMap = errors.New("source maps are read from the script itself only")

// inlineMap loads the source map that lower has written; a map of the script's own
// that leads elsewhere is not loaded.
func inlineMap(path string) ([]byte, error) {
	_, data, ok := strings.Cut(path, ";base64,")
	if !ok || !strings.HasPrefix(path, "data:application/json") {
		return nil, errForeignMap
	}
	return base64.StdEncoding.DecodeString(data)
}

func base64Encode(b []byte) string { return base64.StdEncoding.EncodeToString(b) }
