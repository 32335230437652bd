package linediff

import (
	"unicode"
	"unicode/utf8"
)

// maxWords is the number of words of a line up to which its inside is compared
// word by word.
const maxWords = 600

// inner marks what changed between two versions of one line. It returns nil
// when they have too little in common for marks to help.
func inner(a, b string) (am, bm []Span) {
	wa, wb := words(a), words(b)
	if len(wa) == 0 || len(wb) == 0 || len(wa) > maxWords || len(wb) > maxWords {
		return nil, nil
	}
	pairs, ok := shortest(wordTexts(a, wa), wordTexts(b, wb))
	if !ok {
		return nil, nil
	}
	same := 0
	ka, kb := make([]bool, len(wa)), make([]bool, len(wb))
	for _, p := range pairs {
		ka[p.a], kb[p.b] = true, true
		if r, _ := utf8.DecodeRuneInString(a[wa[p.a].From:]); !unicode.IsSpace(r) {
			same += wa[p.a].To - wa[p.a].From
		}
	}
	if 5*same < max(solid(a), solid(b)) {
		return nil, nil
	}
	return gaps(wa, ka), gaps(wb, kb)
}

// solid is the length of a line without its white space.
func solid(s string) int {
	n := 0
	for _, r := range s {
		if !unicode.IsSpace(r) {
			n += utf8.RuneLen(r)
		}
	}
	return n
}

// gaps joins the words that were not kept into spans; it is never nil.
func gaps(ws []Span, kept []bool) []Span {
	out := []Span{}
	for i, w := range ws {
		switch {
		case kept[i]:
		case len(out) > 0 && out[len(out)-1].To == w.From:
			out[len(out)-1].To = w.To
		default:
			out = append(out, w)
		}
	}
	return out
}

func wordTexts(s string, ws []Span) []string {
	out := make([]string, len(ws))
	for i, w := range ws {
		out[i] = s[w.From:w.To]
	}
	return out
}

// words cuts a line into runs of letters and digits, runs of space, and single
// other characters.
func words(s string) []Span {
	var out []Span
	last := 0 // class of the open run
	for i, r := range s {
		c := class(r)
		if c != 0 && c == last {
			out[len(out)-1].To = i + width(s[i:])
			continue
		}
		out = append(out, Span{i, i + width(s[i:])})
		last = c
	}
	return out
}

func width(s string) int {
	_, n := utf8.DecodeRuneInString(s)
	return n
}

// class is 1 for what makes up names and numbers, 2 for space, 0 for the rest.
func class(r rune) int {
	switch {
	case unicode.IsLetter(r) || unicode.IsDigit(r) || r == '_' || r == '$':
		return 1
	case unicode.IsSpace(r):
		return 2
	}
	return 0
}
