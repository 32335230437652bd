package pages

import "testing"

func TestVisible(t *testing.T) {
	for in, want := range map[string]string{
		"plain ü 日本":      "plain ü 日本",
		"evil\u202eeman":  `evil\u202eeman`,
		"a\x00b\x1b[31m":  `a\u0000b\u001b[31m`,
		"two\nlines\tand": "two\nlines\tand",
		"\ufefftext":      `\ufefftext`,
	} {
		if got := visible(in); got != want {
			t.Errorf("%q: got %q, want %q", in, got, want)
		}
	}
}
