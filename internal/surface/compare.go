package surface

import (
	"fmt"
	"strings"
)

// Text is sections as text: a line per member, its key and its description.
func Text(sections []Section) string {
	var b strings.Builder
	for i, s := range sections {
		if i > 0 {
			b.WriteByte('\n')
		}
		for _, line := range s {
			fmt.Fprintf(&b, "%s\t%s\n", line[0], line[1])
		}
	}
	return b.String()
}

// Parse is the inverse of Text.
func Parse(text string) []Section {
	var sections []Section
	for _, part := range strings.Split(strings.TrimSpace(text), "\n\n") {
		var s Section
		for line := range strings.Lines(part) {
			key, what, _ := strings.Cut(strings.TrimSuffix(line, "\n"), "\t")
			s = append(s, [2]string{key, what})
		}
		sections = append(sections, s)
	}
	return sections
}

// Compare gives the lines in which got differs from want: "- line" for what only
// want has, "+ line" for what only got has. The order of members is not compared,
// since Chromium's is not that of the standards; see Misplaced.
func Compare(got, want []Section) []string {
	var differences []string
	for i := range want {
		differences = append(differences, compare(got[i], want[i])...)
	}
	return differences
}

func compare(got, want Section) (differences []string) {
	index := func(s Section) map[string]string {
		m := map[string]string{}
		for _, line := range s {
			m[line[0]] = line[1]
		}
		return m
	}
	have, need := index(got), index(want)
	for _, line := range want {
		what, ok := have[line[0]]
		if !ok || what != line[1] {
			differences = append(differences, "- "+line[0]+"\t"+line[1])
		}
		if ok && what != line[1] {
			differences = append(differences, "+ "+line[0]+"\t"+what)
		}
	}
	for _, line := range got {
		if _, ok := need[line[0]]; !ok {
			differences = append(differences, "+ "+line[0]+"\t"+line[1])
		}
	}
	return differences
}

// Misplaced are the members of an interface that come after one of a later kind:
// the order is attributes, constants, operations, constructor, symbols.
func Misplaced(s Section) []string {
	var misplaced []string
	last := 0
	for _, line := range s {
		_, name, ok := strings.Cut(line[0], ".prototype.")
		if !ok {
			continue
		}
		kind := 0
		switch {
		case strings.HasPrefix(name, "["):
			kind = 4
		case name == "constructor":
			kind = 3
		case strings.HasPrefix(line[1][min(3, len(line[1])):], " method "):
			kind = 2
		case strings.HasPrefix(line[1], "e--"):
			kind = 1
		}
		if kind < last {
			misplaced = append(misplaced, line[0])
		}
		last = max(last, kind)
	}
	return misplaced
}
