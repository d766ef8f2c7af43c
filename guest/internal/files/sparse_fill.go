package files

import (
	"archive/tar"
	"bytes"
	"errors"
	"io"
	"os"
	"strings"
)

// isSparse says whether an archive's file has holes in it, in any of GNU tar's ways.
func isSparse(header *tar.Header) bool {
	if header.Typeflag == tar.TypeGNUSparse {
		return true
	}
	for key := range header.PAXRecords {
		if strings.HasPrefix(key, "GNU.sparse.") {
			return true
		}
	}
	return false
}

var zeros [blockBytes]byte

const blockBytes = 4096

// fillSparse writes the blocks that have something in them. The reader gives holes as zeros.
func fillSparse(file *os.File, content io.Reader, size int64, buffer []byte) error {
	for at := int64(0); ; {
		n, err := io.ReadFull(content, buffer)
		for block := 0; block < n; block += blockBytes {
			part := buffer[block:min(block+blockBytes, n)]
			if bytes.Equal(part, zeros[:len(part)]) {
				continue
			}
			if _, err := file.WriteAt(part, at+int64(block)); err != nil {
				return err
			}
		}
		at += int64(n)
		if errors.Is(err, io.EOF) || errors.Is(err, io.ErrUnexpectedEOF) && at == size {
			return file.Truncate(size)
		}
		if err != nil {
			return err
		}
	}
}
