package inspector

// Still is a Browser that nothing drives: its state is s for ever, what asks a browser
// fails with a *GoneError that gives the reason. It is not among [Hub.Browsers]. Close
// it.
func (h *Hub) Still(name string, s *State, reason string) *Browser {
	b := newBrowser(h, "", AttachOptions{Name: name})
	b.state, b.still = s, reason
	return b
}
