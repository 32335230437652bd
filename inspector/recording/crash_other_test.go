//go:build !unix

package recording

func childMain() bool { return false }
