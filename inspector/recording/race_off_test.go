//go:build !race

package recording

import "time"

const lossy = time.Second
