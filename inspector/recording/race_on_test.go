//go:build race

package recording

import "time"

// lossy is how much a killed process may lose: the race detector slows SQLite, which
// is Go here, some twentyfold.
const lossy = 4 * time.Second
