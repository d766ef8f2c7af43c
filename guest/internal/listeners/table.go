package listeners

import (
	"bytes"
	"encoding/binary"
	"encoding/hex"
	"errors"
	"io"
	"net/netip"
	"os"
	"strconv"
)

// Protocol is how a listener is spoken to.
type Protocol string

const (
	TCP Protocol = "tcp"
	UDP Protocol = "udp"
)

// socket is one line of a table of the kernel.
type socket struct {
	protocol Protocol
	address  netip.Addr
	port     uint16
	inode    uint64
}

// States of sockets as the tables have them, from the kernel's tcp_states.h: a UDP socket without a peer is "closed".
const (
	stateClosed = "07"
	stateListen = "0A"
)

// table is one of the kernel's lists of sockets (proc(5), /proc/net/tcp), kept open: reading it from its beginning again
// makes the kernel write it anew.
type table struct {
	protocol Protocol
	file     *os.File
	buffer   []byte
}

func openTables() []*table {
	var tables []*table
	for _, each := range []struct {
		protocol Protocol
		path     string
	}{{TCP, "/proc/net/tcp"}, {TCP, "/proc/net/tcp6"}, {UDP, "/proc/net/udp"}, {UDP, "/proc/net/udp6"}} {
		// A kernel without IPv6 has no such table.
		if file, err := os.Open(each.path); err == nil {
			tables = append(tables, &table{each.protocol, file, make([]byte, 16<<10)})
		}
	}
	return tables
}

func (t *table) close() { t.file.Close() }

// listening appends the sockets of the table that wait for a peer, until there are limit of them.
func (t *table) listening(found []socket, limit int) ([]socket, error) {
	wanted := stateListen
	if t.protocol == UDP {
		wanted = stateClosed
	}
	held, offset := 0, int64(0)
	for {
		n, err := t.file.ReadAt(t.buffer[held:], offset)
		if err != nil && !errors.Is(err, io.EOF) {
			return found, err
		}
		offset += int64(n)
		rest := t.buffer[:held+n]
		for {
			line, after, whole := bytes.Cut(rest, []byte("\n"))
			if !whole {
				break
			}
			rest = after
			one, state, ok := parseLine(line, t.protocol)
			switch {
			case !ok: // The header.
			case state == wanted:
				if len(found) >= limit {
					return found, nil
				}
				found = append(found, one)
			case t.protocol == TCP:
				// Those that listen come first, and connections may be many.
				return found, nil
			}
		}
		held = copy(t.buffer, rest)
		if n == 0 || held == len(t.buffer) {
			return found, nil
		}
	}
}

// parseLine reads `0: 0100007F:1F90 00000000:0000 0A … inode …`; columns 1, 3 and 9 are ours.
func parseLine(line []byte, protocol Protocol) (one socket, state string, ok bool) {
	fields := bytes.Fields(line)
	if len(fields) < 10 {
		return socket{}, "", false
	}
	host, service, ok := bytes.Cut(fields[1], []byte(":"))
	address, hostOK := parseAddress(host)
	port, portErr := strconv.ParseUint(string(service), 16, 16)
	inode, inodeErr := strconv.ParseUint(string(fields[9]), 10, 64)
	if !ok || !hostOK || portErr != nil || inodeErr != nil {
		return socket{}, "", false
	}
	return socket{protocol, address, uint16(port), inode}, string(fields[3]), true
}

// parseAddress reads 32-bit words of network order that were printed as numbers of this machine.
func parseAddress(text []byte) (netip.Addr, bool) {
	raw := make([]byte, hex.DecodedLen(len(text)))
	if _, err := hex.Decode(raw, text); err != nil || (len(raw) != 4 && len(raw) != 16) {
		return netip.Addr{}, false
	}
	for word := raw; len(word) > 0; word = word[4:] {
		binary.NativeEndian.PutUint32(word, binary.BigEndian.Uint32(word))
	}
	address, ok := netip.AddrFromSlice(raw)
	return address.Unmap(), ok
}
