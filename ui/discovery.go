package ui

import (
	"net"
	"strconv"
)

// discovery keeps what was found on this machine.
type discovery struct{}

func portOf(a *net.TCPAddr) string { return strconv.Itoa(a.Port) }
