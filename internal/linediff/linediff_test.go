package linediff

import (
	"fmt"
	"math/rand/v2"
	"strings"
	"testing"
	"time"
)

// show writes a comparison the way a reader sees it: sign, line, and [marks].
func show(a, b []string, rows []Row) string {
	var s strings.Builder
	for _, r := range rows {
		switch r.Kind {
		case Equal:
			fmt.Fprintf(&s, "  %s\n", a[r.A])
		case Delete:
			fmt.Fprintf(&s, "- %s\n", a[r.A])
		case Insert:
			fmt.Fprintf(&s, "+ %s\n", b[r.B])
		case Change:
			fmt.Fprintf(&s, "~ %s | %s\n", marked(a[r.A], r.AMarks), marked(b[r.B], r.BMarks))
		}
	}
	return s.String()
}

func marked(s string, ms []Span) string {
	for i := len(ms) - 1; i >= 0; i-- {
		s = s[:ms[i].From] + "[" + s[ms[i].From:ms[i].To] + "]" + s[ms[i].To:]
	}
	return s
}

func TestLines(t *testing.T) {
	for _, tc := range []struct{ name, a, b, want string }{
		{"equal", "a\nb", "a\nb", "  a\n  b\n"},
		{"inserted", "a\nc", "a\nb\nc", "  a\n+ b\n  c\n"},
		{"deleted at the end", "a\nb\nc", "a", "  a\n- b\n- c\n"},
		{
			"the changed word is marked", "const V = 'v124';\nrun()", "const V = 'v131';\nrun()",
			"~ const V = '[v124]'; | const V = '[v131]';\n  run()\n",
		},
		{"nothing in common has no marks", "abc", "xyz", "~ abc | xyz\n"},
		{"more inserted than deleted", "k\nold x\nz", "k\nnew x\nplus\nz", "  k\n~ [old] x | [new] x\n+ plus\n  z\n"},
		{"repeated lines have no anchors", "}\n}\n}", "}\nx\n}\n}", "  }\n+ x\n  }\n  }\n"},
		{"empty against something", "", "a", "~  | a\n"},
	} {
		t.Run(tc.name, func(t *testing.T) {
			a, b := strings.Split(tc.a, "\n"), strings.Split(tc.b, "\n")
			got := show(a, b, Lines(a, b))
			if got != tc.want {
				t.Errorf("got\n%swant\n%s", got, tc.want)
			}
		})
	}
}

// Whatever the input, the rows hold every line of both sides once and in order.
func TestLinesRebuildBothSides(t *testing.T) {
	rng := rand.New(rand.NewPCG(1, 2))
	for range 400 {
		a, b := randomLines(rng), randomLines(rng)
		na, nb := 0, 0
		for _, r := range Lines(a, b) {
			if r.A >= 0 {
				if r.A != na {
					t.Fatalf("line %d of A where %d was due: %q %q", r.A, na, a, b)
				}
				na++
			}
			if r.B >= 0 {
				if r.B != nb {
					t.Fatalf("line %d of B where %d was due: %q %q", r.B, nb, a, b)
				}
				nb++
			}
			if r.Kind == Equal && a[r.A] != b[r.B] {
				t.Fatalf("%q called equal to %q", a[r.A], b[r.B])
			}
		}
		if na != len(a) || nb != len(b) {
			t.Fatalf("rows hold %d and %d lines of %d and %d", na, nb, len(a), len(b))
		}
	}
}

func randomLines(rng *rand.Rand) []string {
	out := make([]string, rng.IntN(30))
	for i := range out {
		out[i] = strings.Repeat(string(rune('a'+rng.IntN(6))), 1+rng.IntN(3))
	}
	return out
}

func TestLinesIsBoundedOnAnyInput(t *testing.T) {
	a, b := make([]string, 40000), make([]string, 40000)
	for i := range a {
		a[i], b[i] = fmt.Sprint("l", i%7), fmt.Sprint("l", (i*5+i/9)%7)
	}
	start := time.Now()
	Lines(a, b)
	if d := time.Since(start); d > 5*time.Second {
		t.Errorf("took %v", d)
	}
}

func TestChanges(t *testing.T) {
	a, b := strings.Split("a\nb\nc\nd", "\n"), strings.Split("a\nx\nc\ny", "\n")
	if n := Changes(Lines(a, b)); n != 2 {
		t.Errorf("got %d hunks, want 2", n)
	}
}
