//go:build ignore

// Generate makes streams.js from the web-streams-polyfill package:
//
//	npm install web-streams-polyfill@4.3.0
//	go run generate.go node_modules/web-streams-polyfill
//
// The package is published minified, so the abstract operations that the engine
// needs are named here by their minified names; the checksum keeps them true.
package main

import (
	"crypto/sha256"
	"fmt"
	"log"
	"os"
	"path/filepath"
	"regexp"
	"sort"
	"strings"

	"github.com/evanw/esbuild/pkg/api"
)

const (
	version  = "4.3.0"
	checksum = "62e42e4f311453490174696029accb5aca6103d46873b26ba83c3b8c5ea418a0"
)

// Parameters of the program: what it would take from the global object, captured
// before any script ran.
const parameters = "Promise,$then,Symbol,Object,TypeError,RangeError,Number,Math,ArrayBuffer,Uint8Array,DataView,Function,Error," +
	"DOMException,AbortController,$transfer,$detached,$slot"

// The abstract operations by the names the Go side uses.
const exports = `
delete WritableStreamDefaultController.prototype.abortReason;
return {
  ByteLengthQueuingStrategy, CountQueuingStrategy, ReadableByteStreamController, ReadableStream, ReadableStreamBYOBReader,
  ReadableStreamBYOBRequest, ReadableStreamDefaultController, ReadableStreamDefaultReader, TransformStream,
  TransformStreamDefaultController, WritableStream, WritableStreamDefaultController, WritableStreamDefaultWriter,
  IsReadableStream: Ir, ReadableStreamCancel: Mr, ReadableStreamTee: Wr,
  IsWritableStream: qt, WritableStreamAbort: Wt,
  ReadableStreamPipeTo: (from, to) => { const p_ = hr(from, to, false, false, false, undefined); p(p_); return p_ },
  storedError: s => s._storedError,
  AcquireReadableStreamDefaultReader: V,
  ReadableStreamDefaultReaderRelease: r => { O(r); oe(r, new TypeError("Reader was released")) },
  ReadableStreamDefaultReaderRead: (reader, chunk, close, error) => te(reader, { _chunkSteps: chunk, _closeSteps: close, _errorSteps: error }),
  AcquireWritableStreamDefaultWriter: Pt,
  WritableStreamDefaultWriterWrite: Yt,
  WritableStreamDefaultWriterClose: Lt,
  WritableStreamDefaultWriterReady: w => w._readyPromise,
  CreateReadableByteStream: (pull, cancel) => Fr(e, pull, cancel),
  CreateReadableStream: (pull, cancel, highWaterMark) => Dr(e, pull, cancel, highWaterMark),
  enqueue: (s, chunk) => { const c = s._readableStreamController; Oe(c) ? Ge(c, chunk) : Rr(c, chunk) },
  close: s => {
    const c = s._readableStreamController;
    if (!Oe(c)) { Cr(c) && wr(c); return }
    if (c._closeRequested || s._state !== "readable") return;
    Ue(c);
    c._pendingPullIntos.length > 0 && et(c, 0);
  },
  error: (s, reason) => { const c = s._readableStreamController; Oe(c) ? Xe(c, reason) : Tr(c, reason) },
  IsTransformStream: ro,
  sides: t => [t._readable, t._writable],
  together: (readable, writable) => {
    const t = Object.create(TransformStream.prototype);
    t._readable = readable, t._writable = writable, t._transformStreamController = undefined;
    return t;
  },
  CreateWritableStream: (write, close, abort, highWaterMark) => {
    const s = Object.create(WritableStream.prototype);
    Ct(s), Nt(s, Object.create(WritableStreamDefaultController.prototype), e, write, close, abort, highWaterMark, () => 1);
    return s;
  },
  WritableStreamDefaultControllerErrorIfNeeded: (s, reason) => Gt(s._writableStreamController, reason),
  transform: (transform, flush, cancel) => new TransformStream({ transform: (chunk, c) => transform(chunk, v => uo(c, v)), flush: c => flush(v => uo(c, v)), cancel }),
};`

func main() {
	log.SetFlags(0)
	source, err := os.ReadFile(filepath.Join(os.Args[1], "dist", "ponyfill.mjs"))
	check(err)
	if sum := fmt.Sprintf("%x", sha256.Sum256(source)); sum != checksum {
		log.Fatalf("ponyfill.mjs has checksum %s, not %s: the minified names below may be others", sum, checksum)
	}
	text := string(source)
	text = text[:strings.LastIndex(text, "export{")]
	once := func(old, new string) {
		if strings.Count(text, old) != 1 {
			log.Fatalf("%q occurs %d times", old, strings.Count(text, old))
		}
		text = strings.Replace(text, old, new, 1)
	}
	once("Promise.prototype.then", "$then")
	once(`let ce=e=>(ce="function"==typeof e.transfer?e=>e.transfer():"function"==typeof structuredClone?e=>structuredClone(e,{transfer:[e]}):e=>e,ce(e)),de=e=>(de="boolean"==typeof e.detached?e=>e.detached:e=>0===e.byteLength,de(e));`,
		"const ce=$transfer,de=$detached;")
	// The steps between classes are slots too.
	if n := strings.Count(text, `Symbol("[[`); n != 6 {
		log.Fatalf("%d internal methods", n)
	}
	text = strings.ReplaceAll(text, `Symbol("[[`, `$slot("[[`)
	once("function e(){}", "const $own=Function.prototype.call.bind(Object.prototype.hasOwnProperty);function e(){}")
	if n := len(brand.FindAllString(text, -1)); n != 13 {
		log.Fatalf("%d brand checks", n)
	}
	text = brand.ReplaceAllString(text, "$$own($1,$2)")
	once(`"function"==typeof queueMicrotask`, "false")
	once(`"undefined"!=typeof globalThis?globalThis:"undefined"!=typeof self?self:"undefined"!=typeof global?global:void 0`, "{DOMException}")
	text = hide(text + exports)
	minified := api.Transform("const $streams=function("+parameters+"){"+text+"};$streams", api.TransformOptions{
		MinifyWhitespace: true, LegalComments: api.LegalCommentsNone, Target: api.ES2022,
	})
	if len(minified.Errors) > 0 {
		log.Fatal(minified.Errors)
	}
	header := fmt.Sprintf("// Code generated by generate.go from web-streams-polyfill %s (MIT, see LICENSE), sha256 %s. DO NOT EDIT.\n", version, checksum)
	code := strings.TrimSuffix(strings.TrimSpace(string(minified.Code)), ";")
	code = strings.TrimSuffix(strings.TrimPrefix(code, "const $streams="), ";$streams")
	check(os.WriteFile("streams.js", []byte(header+"("+code+")\n"), 0o644))
}

var (
	access  = regexp.MustCompile(`\._([a-zA-Z]\w*)`)
	literal = regexp.MustCompile(`[{},;]\s*_([a-zA-Z]\w*)[:(]`)
	quoted  = regexp.MustCompile(`"_([a-zA-Z]\w*)"`)
	// brand is a brand check: the slot alone decides, so that a stream of another
	// realm of the agent is one too.
	brand = regexp.MustCompile(`Object\.prototype\.hasOwnProperty\.call\((\w+),("_\w+")\)&&\w+ instanceof \w+`)
)

// hide keeps the internal slots under symbols instead of names that begin with an
// underscore, so that keys, JSON and for-in do not show them. $slot gives every
// realm the same symbols.
func hide(text string) string {
	public := map[string]bool{}
	for _, m := range access.FindAllStringSubmatch(text, -1) {
		public[m[1]] = true
	}
	for _, m := range literal.FindAllStringSubmatch(text, -1) {
		delete(public, m[1])
	}
	names := make([]string, 0, len(public))
	for name := range public {
		names = append(names, name)
	}
	sort.Strings(names)
	text = access.ReplaceAllStringFunc(text, func(s string) string {
		if public[s[2:]] {
			return "[$_" + s[2:] + "]"
		}
		return s
	})
	text = quoted.ReplaceAllStringFunc(text, func(s string) string {
		if name := s[2 : len(s)-1]; public[name] {
			return "$_" + name
		}
		return s
	})
	var symbols strings.Builder
	for _, name := range names {
		fmt.Fprintf(&symbols, "const $_%s=$slot(%q);", name, "[["+name+"]]")
	}
	return symbols.String() + text
}

func check(err error) {
	if err != nil {
		log.Fatal(err)
	}
}
