package pages

import (
	"fmt"
	"strings"
	"unicode"
)

// visible writes out the characters of a foreign text that would not show or
// would rearrange what stands around them: controls (but for tabs and line
// ends), and Unicode's direction marks. "evil\u202eeman" stays readable.
func visible(s string) string {
	if strings.IndexFunc(s, hidden) < 0 {
		return s
	}
	var b strings.Builder
	for _, r := range s {
		if hidden(r) {
			fmt.Fprintf(&b, `\u%04x`, r)
		} else {
			b.WriteRune(r)
		}
	}
	return b.String()
}

func hidden(r rune) bool {
	switch {
	case r == '\t' || r == '\n' || r == '\r':
		return false
	case r == 0x200d || r == 0x200c: // joiners: emoji and scripts need them
		return false
	}
	return unicode.Is(unicode.Cc, r) || unicode.Is(unicode.Cf, r) || r == 0x2028 || r == 0x2029
}
