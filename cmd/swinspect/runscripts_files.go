package main

import (
	"errors"
	"io/fs"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strings"

	"github.com/swinspect/swinspect/inspector/session/report"
)

// scriptEndings are those of scripts in a folder. A file that is named may have any name.
var scriptEndings = []string{".session.js", ".session.mjs", ".session.ts", ".session.mts"}

// isScript reports whether a file of a folder is a script.
func isScript(name string) bool {
	return slices.ContainsFunc(scriptEndings, func(e string) bool { return strings.HasSuffix(name, e) })
}

// scriptFiles are the scripts that arguments name: files as they are, of folders all that
// are scripts by their name, in the order of names. Each is there once.
func scriptFiles(args []string) ([]string, error) {
	var files []string
	add := func(name string) {
		if name = filepath.Clean(name); !slices.Contains(files, name) {
			files = append(files, name)
		}
	}
	for _, arg := range args {
		info, err := os.Stat(arg)
		switch {
		case errors.Is(err, fs.ErrNotExist):
			return nil, usage("there is no file or folder %s", quote(arg))
		case err != nil:
			return nil, usage("%w", err)
		case !info.IsDir():
			add(arg)
			continue
		}
		found, err := scriptsBelow(arg)
		if err != nil {
			return nil, usage("%w", err)
		}
		if len(found) == 0 {
			return nil, &failure{
				exit: exitUsage, err: usage("there is no script in %s", quote(arg)),
				hint: "of a folder, files named *" + strings.Join(scriptEndings, ", *") + " are run; others can be named one by one",
			}
		}
		for _, f := range found {
			add(f)
		}
	}
	return files, nil
}

// scriptsBelow are the scripts of a folder and those below it; not of node_modules and of
// what is hidden.
func scriptsBelow(dir string) ([]string, error) {
	var found []string
	err := filepath.WalkDir(dir, func(path string, d fs.DirEntry, err error) error {
		if err != nil {
			return err
		}
		name := d.Name()
		if d.IsDir() && path != dir && skippedFolder(name) {
			return fs.SkipDir
		}
		if !d.IsDir() && isScript(name) {
			found = append(found, path)
		}
		return nil
	})
	return found, err
}

func skippedFolder(name string) bool { return name == "node_modules" || strings.HasPrefix(name, ".") }

// testFilter reads --filter: text that file and name contain, whatever its case, or
// /REGEXP/. nil is every test.
func testFilter(s string) (func(file string, t *report.Test) bool, error) {
	if s == "" {
		return nil, nil
	}
	if len(s) > 1 && strings.HasPrefix(s, "/") && strings.HasSuffix(s, "/") {
		expr, err := regexp.Compile(s[1 : len(s)-1])
		if err != nil {
			return nil, usage("--filter: %w", err)
		}
		return func(file string, t *report.Test) bool { return expr.MatchString(titleOf(file, t)) }, nil
	}
	s = strings.ToLower(s)
	return func(file string, t *report.Test) bool { return strings.Contains(strings.ToLower(titleOf(file, t)), s) }, nil
}

// titleOf is what filters see: "path/of/the.session.js: the test's name".
func titleOf(file string, t *report.Test) string { return filepath.ToSlash(file) + ": " + t.Name }
