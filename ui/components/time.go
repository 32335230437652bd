package components

import (
	"strconv"
	"time"
)

// ms is a time as the page's clock counts it.
func ms(t time.Time) string { return strconv.FormatInt(t.UnixMilli(), 10) }
