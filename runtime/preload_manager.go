package runtime

import "strings"

// SetNavigationPreload is NavigationPreloadManager's enable and disable. The error
// is a *Exception (InvalidStateError). It does not block.
func (r *Registration) SetNavigationPreload(enabled bool) error {
	// NavigationPreloadManager.enable() 2.3, NavigationPreloadManager.disable() 2.3
	return r.changePreload(func(p *NavigationPreload) { p.Enabled = enabled })
}

// SetNavigationPreloadHeader is NavigationPreloadManager's setHeaderValue. The
// error is a *Exception (TypeError, InvalidStateError). It does not block.
func (r *Registration) SetNavigationPreloadHeader(value string) error {
	// NavigationPreloadManager.setHeaderValue() 2 and 3: what cannot stand in a header.
	if strings.ContainsAny(value, "\x00\r\n") || strings.Trim(value, " \t") != value {
		return typeError("Failed to execute 'setHeaderValue' on 'NavigationPreloadManager': The string provided to setHeaderValue ('%s') is not a valid HTTP header field value.", value)
	}
	for _, c := range value {
		if c > 0xff {
			return typeError("Failed to execute 'setHeaderValue' on 'NavigationPreloadManager': The string provided is not a byte string.")
		}
	}
	// NavigationPreloadManager.setHeaderValue() 4.3
	return r.changePreload(func(p *NavigationPreload) { p.HeaderValue = value })
}

func (r *Registration) changePreload(change func(*NavigationPreload)) error {
	e := r.engine
	e.mu.Lock()
	defer e.mu.Unlock()
	// NavigationPreloadManager.enable() 2.2
	if r.active == nil {
		return invalidState("The registration does not have an active worker.")
	}
	change(&r.preload)
	e.publish(r)
	e.registrationChanged(r)
	return nil
}
