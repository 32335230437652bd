//go:build windows

package cdp

import "os"

// alive: on Windows, os.FindProcess finds live processes only.
func alive(*os.Process) bool { return true }
