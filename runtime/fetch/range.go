package fetch

import (
	"strconv"
	"strings"
)

// parseSingleRange parses "bytes=first-last"; an end left out is -1. With
// whitespace, spaces around the numbers are skipped.
//
// Source: https://fetch.spec.whatwg.org/#simple-range-header-value
func parseSingleRange(value string, whitespace bool) (start, end int64, ok bool) {
	trim := func(s string) string {
		if whitespace {
			return strings.Trim(s, " \t")
		}
		return s
	}
	rest, found := strings.CutPrefix(value, "bytes")
	if !found {
		return 0, 0, false
	}
	rest, found = strings.CutPrefix(trim(rest), "=")
	if !found {
		return 0, 0, false
	}
	first, last, found := strings.Cut(trim(rest), "-")
	if !found {
		return 0, 0, false
	}
	start, okStart := rangeNumber(trim(first))
	end, okEnd := rangeNumber(trim(last))
	if !okStart || !okEnd || start < 0 && end < 0 || start >= 0 && end >= 0 && start > end {
		return 0, 0, false
	}
	return start, end, true
}

// rangeNumber is -1 for an empty string.
func rangeNumber(s string) (int64, bool) {
	if s == "" {
		return -1, true
	}
	for i := 0; i < len(s); i++ {
		if s[i] < '0' || s[i] > '9' {
			return 0, false
		}
	}
	n, err := strconv.ParseInt(s, 10, 64)
	return n, err == nil
}
