// Package chromium finds, launches and ends a local Chromium, Chrome or Edge.
package chromium

import (
	"errors"
	"fmt"

	"github.com/swinspect/swinspect/cdp/internal/install"
)

// Browser is one installed browser.
type Browser = install.Browser

// ErrNotFound is the absence of any Chromium browser.
var ErrNotFound = errors.New("no Chromium, Chrome or Edge found")

// MissingError is a browser that SWINSPECT_BROWSER names and that is not there.
type MissingError struct{ Path string }

func (e *MissingError) Error() string {
	return fmt.Sprintf("chromium: SWINSPECT_BROWSER names %q: there is no such executable", e.Path)
}

// Find lists the installed browsers, best first: those that the environment
// variables SWINSPECT_BROWSER and CHROME_PATH name, then those in PATH and in the
// usual places of the system. The error matches ErrNotFound when there is none; it is a
// [*MissingError] when SWINSPECT_BROWSER names what is not there: no other browser is
// taken in its place.
func Find() ([]Browser, error) {
	system := install.This()
	if missing := system.Missing(); missing != "" {
		return nil, &MissingError{Path: missing}
	}
	found := system.Find()
	if len(found) == 0 {
		return nil, fmt.Errorf("chromium: %w: install one, or name its executable in SWINSPECT_BROWSER", ErrNotFound)
	}
	return found, nil
}
