package encoding

import (
	"testing"

	"go.uber.org/goleak"

	"github.com/swinspect/swinspect/runtime/script"
	"github.com/swinspect/swinspect/runtime/webapi/dom"
	"github.com/swinspect/swinspect/runtime/webapi/idl"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

// Every line is true.
var truths = []string{
	`new TextEncoder().encode("aé€\u{1F600}\ud800").join() === "97,195,169,226,130,172,240,159,152,128,239,191,189"`,
	`new TextEncoder().encode().length === 0 && new TextEncoder().encoding === "utf-8"`,
	`(u => { const r = new TextEncoder().encodeInto("a\u{1F600}é", u); return r.read === 3 && r.written === 5 && u.join() === "97,240,159,152,128,0" })(new Uint8Array(6))`,
	`throws(() => new TextEncoder().encodeInto("a", new Int8Array(1)), "TypeError") && throws(() => TextEncoder(), "TypeError")`,
	`dec([0xF0, 0x9F, 0x98], {}) === "\uFFFD" && dec([0xE2, 0x28, 0xA1]) === "\uFFFD(\uFFFD" && dec([0xC0, 0x80]) === "\uFFFD\uFFFD" && dec([0xED, 0xA0, 0x80]) === "\uFFFD\uFFFD\uFFFD" && dec([0xEF, 0xBF, 0xBD]) === "\uFFFD"`,
	`dec([0xEF, 0xBB, 0xBF, 65]) === "A" && new TextDecoder("utf8", { ignoreBOM: true }).decode(new Uint8Array([0xEF, 0xBB, 0xBF, 65])) === "\uFEFFA"`,
	`(d => d.decode(new Uint8Array([0xE2, 0x82]), { stream: true }) === "" && d.decode(new Uint8Array([0xAC, 0xE2]), { stream: true }) === "€" && d.decode() === "\uFFFD" && d.decode(new Uint8Array([65])) === "A")(new TextDecoder())`,
	`(d => d.decode(new Uint8Array([0xEF]), { stream: true }) + d.decode(new Uint8Array([0xBB, 0xBF, 65])) === "A")(new TextDecoder())`,
	`throws(() => new TextDecoder("utf-8", { fatal: true }).decode(new Uint8Array([255])), "TypeError") && new TextDecoder("utf-8", { fatal: true }).decode(new Uint8Array([65])) === "A"`,
	`["latin1", " UTF8 ", "utf-16", "shift-jis", "x-user-defined", "iso-8859-8-i", "unicode11utf8"].map(l => new TextDecoder(l).encoding).join() === "windows-1252,utf-8,utf-16le,shift_jis,x-user-defined,iso-8859-8-i,utf-8"`,
	`throws(() => new TextDecoder("nonsense"), "RangeError") && throws(() => new TextDecoder("replacement"), "RangeError") && throws(() => new TextDecoder().decode([1]), "TypeError")`,
	`new TextDecoder("windows-1252").decode(new Uint8Array([0x80, 0xE9])) === "€é" && new TextDecoder("shift_jis").decode(new Uint8Array([0x83, 0x65])) === "テ"`,
	`(d => d.decode(new Uint8Array([0x83]), { stream: true }) + d.decode(new Uint8Array([0x65])) === "テ")(new TextDecoder("sjis"))`,
	`(d => d.decode(new Uint8Array([0x3D]), { stream: true }) + d.decode(new Uint8Array([0xD8, 0x00, 0xDE])) === "\u{1F600}")(new TextDecoder("utf-16le")) && new TextDecoder("utf-16be").decode(new Uint8Array([0xFE, 0xFF, 0, 65, 0xD8])) === "A\uFFFD"`,
	`new TextDecoder().decode(new Uint8Array([65, 66]).buffer) === "AB" && new TextDecoder().decode(new DataView(new Uint8Array([65, 66]).buffer, 1)) === "B" && new TextDecoder().decode() === ""`,
	`btoa("aé") === "Yek=" && atob("Yek=") === "aé" && atob(" Y e k ") === "aé" && atob("") === "" && btoa(undefined) === "dW5kZWZpbmVk" && atob.length === 1`,
	`["a", "ab=", "abcd=", "a=bc", "ab==c", "====", "\u00a0"].every(s => throws(() => atob(s), "InvalidCharacterError")) && throws(() => btoa("€"), "InvalidCharacterError") && throws(() => atob(), "TypeError")`,
	`String(new TextDecoder()) === "[object TextDecoder]"`,
}

func TestEncoding(t *testing.T) {
	a := script.New(script.Options{})
	defer func() { a.Terminate(nil); <-a.Done() }()
	if err := a.Do(t.Context(), "test", func() {
		r := idl.Of(a.NewRealm(nil))
		idl.Expose(r, dom.Interfaces...)
		Install(r, nil)
		if _, err := a.Runtime().RunString(`var throws = (f, name) => { try { f() } catch (e) { return e.name === name } return false }; var dec = a => new TextDecoder().decode(new Uint8Array(a))`); err != nil {
			t.Error(err)
		}
		for _, truth := range truths {
			if v, err := a.Runtime().RunString(truth); err != nil || !v.ToBoolean() {
				t.Errorf("%s: %v %v", truth, v, err)
			}
		}
	}); err != nil {
		t.Error(err)
	}
}
