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

// Find lists the installed browsers, best first: those that the environment
// variables SWINSPECT_BROWSER and CHROME_PATH name, then those in PATH and in the
// usual places of the system. The error matches ErrNotFound when there is none.
func Find() ([]Browser, error) {
	found := install.This().Find()
	if len(found) == 0 {
		return nil, fmt.Errorf("chromium: %w: install one, or name its executable in SWINSPECT_BROWSER", ErrNotFound)
	}
	return found, nil
}
