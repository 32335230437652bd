package recording

// childMain is the process that a test kills.
func childMain() bool { return false }
