package serviceworker

import (
	"bytes"
	"strings"

	"github.com/dop251/goja"
	"github.com/dop251/goja/parser"
)

// compile compiles a classic script: UTF-8, without its byte order mark.
func compile(url string, source []byte) (*goja.Program, error) {
	text := strings.ToValidUTF8(string(bytes.TrimPrefix(source, []byte("\xef\xbb\xbf"))), "\uFFFD")
	tree, err := goja.Parse(url, text, parser.WithDisableSourceMaps)
	if err != nil {
		return nil, err
	}
	return goja.CompileAST(tree, false)
}
