package pages

// consoleEmpty says why there are no messages, and what to do.
func (v ErrorsView) consoleEmpty() string {
	on := false
	for _, sw := range v.Collect {
		on = on || sw.On
	}
	switch {
	case len(v.Collect) == 0:
		return "No version of this registration is left whose console could be collected."
	case on:
		return "Attached. What the worker writes with console.log() shows up here at once."
	}
	return "Console messages reach swinspect only through a session on the worker, and a worker with a session does not stop when idle. So none is attached unless you ask for it."
}
