package components

import (
	"strconv"
	"strings"
)

// heldShort is the badge's text: "#124 in fetch", "#124 in fetch, 1 more".
func heldShort(all []Held) string {
	h := all[0]
	s := "#" + h.Version
	if h.During != "" {
		s += " in " + h.During
	}
	if n := len(all) - 1; n > 0 {
		s += ", " + strconv.Itoa(n) + " more"
	}
	return s
}

// heldWords say where a worker is paused and what that holds up.
func heldWords(h Held) string {
	var s []string
	if h.Place != "" {
		s = append(s, "At "+h.Place+".")
	}
	switch n := len(h.Holding); n {
	case 0:
	case 1:
		s = append(s, "Holding up: "+h.Holding[0]+".")
	default:
		s = append(s, "Holding up: "+strings.Join(h.Holding[:n-1], ", ")+" and "+h.Holding[n-1]+".")
	}
	return strings.Join(s, " ")
}
