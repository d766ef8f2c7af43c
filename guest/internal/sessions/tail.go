package sessions

import "bytes"

// tail is the position before the last lines of what is kept of both streams together, or of one.
func (j *journal) tail(lines uint32, only *Stream) Position {
	j.mutex.Lock()
	defer j.mutex.Unlock()
	position := Position{j.kept[Stdout].End, j.kept[Stderr].End}
	if lines == 0 {
		return position
	}
	isLast := true
	for i := len(j.runs) - 1; i >= 0; i-- {
		piece := j.runs[i]
		stream := Stream(piece.stream)
		if only != nil && *only != stream {
			continue
		}
		start := max(piece.start, j.kept[stream].Start)
		if start >= piece.end() {
			continue
		}
		if !piece.stored {
			position[stream] = start
			continue
		}
		var found bool
		position[stream], found = j.searchBack(piece, start, &lines, isLast)
		if found {
			return position
		}
		isLast = false
	}
	return position
}

// searchBack looks from the end of the run down to start for the newline before the last lines, and takes those that it
// passes off the count. A newline at the very end of the output begins no line.
func (j *journal) searchBack(piece run, start uint64, lines *uint32, isLast bool) (uint64, bool) {
	buffer := make([]byte, chunkBytes)
	for end := piece.end(); end > start; {
		part := buffer[:min(end-start, chunkBytes)]
		from := end - uint64(len(part))
		if j.rings[piece.stream].read(from, part) != nil {
			return start, false
		}
		searched := part
		if isLast && end == piece.end() {
			searched = part[:len(part)-1]
		}
		for {
			at := bytes.LastIndexByte(searched, '\n')
			if at < 0 {
				break
			}
			if *lines--; *lines == 0 {
				return from + uint64(at) + 1, true
			}
			searched = searched[:at]
		}
		end = from
	}
	return start, false
}
