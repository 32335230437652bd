package main

import "testing"

// The examples pass on Chromium. Only what it cannot do is skipped: nobody can click a
// notification there.
func TestExamplesOnChromium(t *testing.T) {
	if tests, skipped := runExamples(t, "chromium"); tests < 25 || skipped != 1 {
		t.Errorf("%d tests, %d skipped", tests, skipped)
	}
}
