package code

import (
	"fmt"
	"strings"
	"testing"
)

func render(f *File, i int) string {
	var b strings.Builder
	for _, t := range f.Tokens(i) {
		if t.Class == "" {
			b.WriteString(t.Text)
		} else {
			fmt.Fprintf(&b, "<%s>%s</>", t.Class, t.Text)
		}
	}
	return b.String()
}

func TestTokens(t *testing.T) {
	for _, tc := range []struct {
		lang      Language
		src, want string
	}{
		{JavaScript, "const a = 'x'; // y\nreturn true", "<k>const</> a = <q>'x'</>; <c>// y</>|<k>return</> <n>true</>"},
		{JavaScript, "/* a\nb */ f(12)", "<c>/* a</>|<c>b */</> f(<n>12</>)"},
		{JavaScript, "`a\r\n${b}`", "<q>`a</>|<q>${</>b<q>}`</>"},
		{JSON, `{"a": [1, null]}`, `{<k>"a"</>: [<n>1</>, <n>null</>]}`},
		{HTML, `<b id="x">&amp;</b>`, `<<k>b</> id=<q>"x"</>>&amp;</<k>b</>>`},
		{Text, "<script>\n", "<script>"},
	} {
		f := New(tc.src, tc.lang)
		var rows []string
		for i := range f.Rows {
			rows = append(rows, render(f, i))
		}
		if got := strings.Join(rows, "|"); got != tc.want {
			t.Errorf("%q:\n got %s\nwant %s", tc.src, got, tc.want)
		}
	}
}

// The rows put together again are the source, whatever it is and wherever the
// colouring starts.
func TestTokensKeepEveryByte(t *testing.T) {
	line := "async function f(r){const p=await caches.open('p');if(r.mode===\"navigate\")return`x${1+{a:2}.a}/`;return/ab[/]+c/i.test(r.url)?null:{a:1,b:[1,2,3]}};for(let i=0;i<2;i++)x/=i/2/3;"
	srcs := map[string]string{
		"minified": strings.Repeat(line, 300),
		"lines":    strings.Repeat(strings.ReplaceAll(line, ";", ";\n"), 100),
		"template": "const t = `" + strings.Repeat("line of text é\n", 400) + "`;\nx()",
		"data":     "x('" + strings.Repeat("é", 5000) + "')",
		"broken":   "'unclosed\n`never ${ends\n}/*" + strings.Repeat("x\n", 300),
		"empty":    "",
	}
	for name, src := range srcs {
		t.Run(name, func(t *testing.T) {
			f := New(src, JavaScript)
			var b strings.Builder
			for i := len(f.Rows) - 1; i >= 0; i-- { // backwards: every chunk starts on its own
				f.Tokens(i)
			}
			for i, r := range f.Rows {
				if r.First() && i > 0 {
					b.WriteByte('\n')
				}
				for _, tok := range f.Tokens(i) {
					b.WriteString(tok.Text)
				}
				if r.To-r.From > maxRow+8 {
					t.Errorf("row %d is %d bytes long", i, r.To-r.From)
				}
			}
			if got, want := b.String(), strings.TrimSuffix(src, "\n"); got != want {
				t.Errorf("got %d bytes, want %d", len(got), len(want))
			}
		})
	}
}

// Colouring a window gives what colouring the whole text gives.
func TestWindowsAgreeWithTheWhole(t *testing.T) {
	line := "if (a / b > 2) { s = `x ${ f({ a: 1 }) } /* no */`; /* a\n comment */ return /['\"`]/.test(x) }\n"
	src := strings.Repeat(line, 260)
	windowed := New(src, JavaScript)
	first, second := render(windowed, 0), render(windowed, 1)
	for i := range windowed.Rows {
		want := first
		if i%2 == 1 {
			want = second
		}
		if got := render(windowed, i); got != want {
			t.Fatalf("row %d: got %s, want %s", i, got, want)
		}
	}
}

func TestRowAt(t *testing.T) {
	f := New("a\n"+strings.Repeat("b(1);", 200)+"\nc", JavaScript)
	for _, tc := range []struct{ line, column, wantLine, wantColumn int }{
		{1, -1, 1, 0}, {2, 0, 2, 0}, {2, 7, 2, 5}, {2, 999, 2, 995}, {3, 0, 3, 0},
	} {
		r := f.Rows[f.RowAt(tc.line, tc.column)]
		if r.Line != tc.wantLine || r.Column != tc.wantColumn {
			t.Errorf("%d:%d is in the row at %d:%d, want %d:%d", tc.line, tc.column, r.Line, r.Column, tc.wantLine, tc.wantColumn)
		}
	}
	if i := f.RowAt(9, 0); i != -1 {
		t.Errorf("line 9 is in row %d", i)
	}
	if n := f.Lines(); n != 3 {
		t.Errorf("%d lines", n)
	}
}

func TestMinifiedVersionsSplitAlike(t *testing.T) {
	body := strings.Repeat("self.addEventListener('fetch',e=>{e.respondWith(go(e))});", 40)
	a, b := New("const V=1;"+body, JavaScript), New("const VERSION=12345;"+body, JavaScript)
	if len(a.Rows) != len(b.Rows) || a.Text(5) != b.Text(5) {
		t.Errorf("%d and %d rows, %q and %q", len(a.Rows), len(b.Rows), a.Text(5), b.Text(5))
	}
}

func BenchmarkWindowOfTwoMegabytes(b *testing.B) {
	src := strings.Repeat("async function f(r){const p=await caches.open('p');return p.match(r)}\n", 2<<20/71)
	for b.Loop() {
		f := New(src, JavaScript)
		for i := 10000; i < 10200; i++ {
			f.Tokens(i)
		}
	}
}

func TestMark(t *testing.T) {
	tokens := []Token{{"k", "const"}, {"", " a = "}, {"q", "'xyz'"}}
	for _, tc := range []struct {
		spans []Span
		want  string
	}{
		{nil, "const| a = |'xyz'"},
		{[]Span{{0, 5}}, "[const]| a = |'xyz'"},
		{[]Span{{3, 8}, {11, 12}}, "con|[st]|[ a ]|= |'|[x]|yz'"},
		{[]Span{{12, 99}}, "const| a = |'x|[yz']"},
	} {
		var parts []string
		for _, p := range Mark(tokens, tc.spans) {
			if p.Marked {
				p.Text = "[" + p.Text + "]"
			}
			parts = append(parts, p.Text)
		}
		if got := strings.Join(parts, "|"); got != tc.want {
			t.Errorf("%v: got %s, want %s", tc.spans, got, tc.want)
		}
	}
}
