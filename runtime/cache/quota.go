package cache

import (
	"errors"
	"hash/fnv"

	"github.com/swinspect/swinspect/runtime/fetch"
)

// ErrQuotaExceeded is a write beyond the quota: a script sees QuotaExceededError.
var ErrQuotaExceeded = errors.New("the storage quota is exceeded")

// What a cache and an entry count for beyond their bytes.
const (
	cacheOverhead = 64
	entryOverhead = 128
	maxPadding    = 14431 * 1024
)

// OpaquePadding is a size between 0 and some 14 MB, the same each time for a URL.
func OpaquePadding(url string) int64 {
	h := fnv.New64a()
	_, _ = h.Write([]byte(url))
	return int64(h.Sum64() % maxPadding)
}

// sizeOf is what an entry counts: URLs, headers, body, padding when opaque.
func (s *Storage) sizeOf(request *fetch.Request, response *fetch.Response) int64 {
	size := int64(entryOverhead + len(request.URL().String()) + headerSize(request.Headers))
	inner := response.Unfiltered()
	size += int64(headerSize(inner.Headers))
	if inner.Body != nil {
		size += max(inner.Body.Length(), 0)
	}
	if response.Type == "opaque" {
		url := request.URL().String()
		if u := inner.URL(); u != nil {
			url = u.String()
		}
		size += s.padding(url)
	}
	return size
}

func headerSize(l fetch.HeaderList) int {
	n := 0
	for _, h := range l {
		n += len(h.Name) + len(h.Value)
	}
	return n
}
