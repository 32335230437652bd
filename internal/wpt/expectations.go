package wpt

// Update puts the results of a run into a file of expectations; tests that were
// not run keep theirs. Messages and durations stay out of it, and a subtest
// whose name holds what changes from run to run (a port, a token, a time) is
// kept under the name it had this time.
func Update(name string, got Results) error {
	all, err := ReadResults(name)
	if err != nil {
		return err
	}
	for url, r := range got {
		kept := Result{URL: url, Harness: r.Harness}
		for _, s := range r.Tests {
			kept.Tests = append(kept.Tests, Subtest{Name: s.Name, Status: s.Status})
		}
		all[url] = kept
	}
	return WriteResults(name, all)
}

// EngineArgs are the flags the engine needs for the suite: its server's key
// trusted, its host names at the loopback interface, all of them allowed.
func EngineArgs(spki string) []string {
	return []string{"--trust-spki", spki, "--resolve", "*.test=127.0.0.1", "--allow-origin", "*"}
}
