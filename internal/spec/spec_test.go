package spec

import "testing"

func TestAlgorithms(t *testing.T) {
	a, ok := Find("Handle Fetch")
	if !ok || a.URL() != "https://w3c.github.io/ServiceWorker/#on-fetch-request-algorithm" || !a.Appendix {
		t.Fatal(a, ok)
	}
	for step, want := range map[string]bool{"13": true, "13.3.2": true, "19": true, "20": false, "0": false, "13.9": false, "": false} {
		if a.HasStep(step) != want {
			t.Errorf("step %q: %t", step, !want)
		}
	}
	if _, ok := Find("Handle Fetsch"); ok {
		t.Error("found what is not there")
	}
	steps, appendix := 0, 0
	for _, a := range Algorithms() {
		if a.Appendix {
			appendix++
			steps += len(a.Steps())
		}
	}
	if appendix != 50 || steps != 826 {
		t.Errorf("%d algorithms with %d steps; the facts say 50 and 826", appendix, steps)
	}
}
