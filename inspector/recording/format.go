package recording

import (
	"encoding/binary"
	"errors"
	"fmt"
	"io"
	"os"
)

// header is what the first 100 bytes of a SQLite file tell, without SQLite.
type header struct {
	application, format int
	wal                 bool
}

const sqliteMagic = "SQLite format 3\x00"

// readHeader looks at a file before SQLite does: what is no recording is said so.
func readHeader(path string) (header, error) {
	f, err := os.Open(path)
	if err != nil {
		return header{}, err
	}
	defer f.Close()
	if info, err := f.Stat(); err == nil && info.IsDir() {
		return header{}, &FileError{Path: path, Op: "open", Err: fmt.Errorf("%w: it is a folder", ErrNotRecording), Advice: "give a .swrec file"}
	}
	b := make([]byte, 100)
	n, err := io.ReadFull(f, b)
	if err != nil && !errors.Is(err, io.ErrUnexpectedEOF) && !errors.Is(err, io.EOF) {
		return header{}, err
	}
	switch {
	case n == 0:
		return header{}, notRecording(path, "it is empty")
	case n < len(b) && string(b[:min(n, 16)]) == sqliteMagic[:min(n, 16)]:
		return header{}, &FileError{Path: path, Op: "open", Err: fmt.Errorf("%w: it ends after %d bytes", ErrCorrupt, n), Advice: "copy it again from where it came"}
	case n < len(b) || string(b[:16]) != sqliteMagic:
		return header{}, notRecording(path, kindOfFile(b[:n]))
	}
	h := header{
		application: int(int32(binary.BigEndian.Uint32(b[68:]))),
		format:      int(int32(binary.BigEndian.Uint32(b[60:]))),
		wal:         b[18] == 2 || b[19] == 2,
	}
	if h.application != applicationID {
		return h, notRecording(path, "it is another program's SQLite file")
	}
	return h, nil
}

func notRecording(path, why string) error {
	return &FileError{Path: path, Op: "open", Err: fmt.Errorf("%w: %s", ErrNotRecording, why),
		Advice: "give a file that swinspect record or import-har wrote"}
}

// kindOfFile guesses what was given instead.
func kindOfFile(b []byte) string {
	for i := 0; i < len(b); i++ {
		switch b[i] {
		case ' ', '\t', '\r', '\n', 0xef, 0xbb, 0xbf:
			continue
		case '{':
			return "it looks like JSON: a HAR file is read by swinspect import-har"
		case 'P':
			if i == 0 && len(b) > 1 && b[1] == 'K' {
				return "it is a zip: a HAR of Playwright is read by swinspect import-har"
			}
		}
		break
	}
	return "it is no SQLite file"
}
