package script

import (
	"crypto/sha256"
	"maps"

	"github.com/dop251/goja"
	"github.com/dop251/goja/parser"
)

// CompileMapped compiles a classic script that a bundler has written for [Supported]
// syntax, with an inline source map: stacks name its sources. Programs are kept as those
// of Compile are. The error is a *goja.CompilerSyntaxError.
func CompileMapped(url, code string) (*goja.Program, error) {
	key := programKey{url, "mapped", sha256.Sum256([]byte(code))}
	if p := programs.get(key); p != nil {
		return p, nil
	}
	if nestsDeeperThan(code, maxNesting) {
		return nil, syntaxError(url, code, "the script is nested too deeply", 0)
	}
	tree, err := parseText(url, code, parser.WithSourceMapLoader(inlineMap))
	if err != nil {
		return nil, asSyntaxError(url, code, err)
	}
	guardSyntax(tree, code)
	p, err := goja.CompileAST(tree, false)
	if err != nil {
		return nil, err
	}
	programs.put(key, p, len(code))
	return p, nil
}

// Supported is what a bundler has to know of the interpreter beside ESNext: syntax
// that it lacks.
func Supported() map[string]bool {
	all := map[string]bool{}
	maps.Copy(all, unsupported)
	return all
}
