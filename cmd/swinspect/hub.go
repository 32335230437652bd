package main

import (
	"github.com/swinspect/swinspect/inspector"
	"github.com/swinspect/swinspect/ui"
)

// hubAdapter shows an [inspector.Hub] to the page.
type hubAdapter struct{ *inspector.Hub }

func (h hubAdapter) Browsers() []ui.Browser {
	var all []ui.Browser
	for _, b := range h.Hub.Browsers() {
		all = append(all, b)
	}
	return all
}

func (h hubAdapter) Browser(id string) ui.Browser {
	if b := h.Hub.Browser(id); b != nil {
		return b
	}
	return nil
}
