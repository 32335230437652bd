package window

import (
	"bytes"
	"image"
	_ "image/gif"  // formats
	_ "image/jpeg" // that pages
	_ "image/png"  // show
)

// imageSize is what an image's first bytes say of it; ok is false for what is no
// image that browsers show.
func imageSize(data []byte) (width, height int, ok bool) {
	if c, _, err := image.DecodeConfig(bytes.NewReader(data)); err == nil {
		return c.Width, c.Height, true
	}
	head := bytes.TrimSpace(data[:min(len(data), 512)])
	switch {
	case bytes.HasPrefix(head, []byte("<svg")), bytes.HasPrefix(head, []byte("<?xml")) && bytes.Contains(head, []byte("<svg")):
		return 300, 150, true
	case len(data) > 12 && string(data[:4]) == "RIFF" && string(data[8:12]) == "WEBP", len(data) > 12 && string(data[4:12]) == "ftypavif",
		len(data) > 4 && string(data[:4]) == "\x00\x00\x01\x00":
		return 1, 1, true
	}
	return 0, 0, false
}
