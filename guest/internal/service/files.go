package service

import (
	"bufio"
	"context"
	"errors"
	"fmt"
	"io"
	"time"

	"connectrpc.com/connect"

	guestv1 "banger.dev/guest/gen/banger/guest/v1"
	"banger.dev/guest/internal/boot"
	"banger.dev/guest/internal/files"
)

// fileChunk is the most of an archive that one message carries.
const fileChunk = 64 << 10

// longestMessage bounds what is said about a failure: it may hold two paths.
const longestMessage = 1 << 10

var fileReasons = map[files.Reason]guestv1.FileFailure_Reason{
	files.Other:      guestv1.FileFailure_REASON_OTHER,
	files.NotFound:   guestv1.FileFailure_REASON_NOT_FOUND,
	files.WrongKind:  guestv1.FileFailure_REASON_WRONG_KIND,
	files.DiskFull:   guestv1.FileFailure_REASON_DISK_FULL,
	files.BadArchive: guestv1.FileFailure_REASON_BAD_ARCHIVE,
	files.Changed:    guestv1.FileFailure_REASON_CHANGED,
}

var fileKinds = map[files.Kind]guestv1.FileKind{
	files.File:      guestv1.FileKind_FILE_KIND_FILE,
	files.Directory: guestv1.FileKind_FILE_KIND_DIRECTORY,
	files.Link:      guestv1.FileKind_FILE_KIND_LINK,
	files.Special:   guestv1.FileKind_FILE_KIND_OTHER,
}

// fileService implements files.proto.
type fileService struct {
	machine *boot.Machine
}

type putStream = connect.BidiStream[guestv1.PutTreeRequest, guestv1.PutTreeResponse]

// PutTree unpacks what comes until `end`. Its answer is sent while requests may still come: the host then ends them.
func (s *fileService) PutTree(ctx context.Context, stream *putStream) error {
	if !s.machine.Booted() {
		return notBooted()
	}
	first, err := stream.Receive()
	if err != nil {
		return err
	}
	start := first.GetStart()
	if start == nil {
		return connect.NewError(connect.CodeInvalidArgument, errors.New("the first request is not start"))
	}
	archive, incoming := io.Pipe()
	received := make(chan struct{})
	go func() {
		defer close(received)
		incoming.CloseWithError(receiveArchive(stream, incoming))
		for { // What a host sends that has not read the answer yet.
			if _, err := stream.Receive(); err != nil {
				return
			}
		}
	}()
	placed, err := files.Put(files.Destination{
		Path:        start.GetPath(),
		Name:        string(start.GetName()),
		Archive:     start.GetArchive(),
		KeepOwners:  start.GetKeepOwners(),
		MakeParents: start.GetMakeParents(),
	}, archive)
	archive.CloseWithError(errAnswered)
	if errors.Is(err, errBroken) {
		return err
	}
	if err := stream.Send(putResponse(placed, err)); err != nil {
		return err
	}
	// As after an exec: HTTP/2 resets a stream whose answer ends before its request, and the host might lose the answer.
	select {
	case <-received:
	case <-ctx.Done():
	case <-time.After(hostPatience):
	}
	return nil
}

var (
	// The host went away, or said what makes no sense, before the end of the archive
	errBroken = errors.New("the archive broke off")
	// Nothing more of the archive is wanted
	errAnswered = errors.New("the answer was sent")
)

// receiveArchive returns io.EOF after a good end.
func receiveArchive(stream *putStream, to io.Writer) error {
	for {
		request, err := stream.Receive()
		if err != nil {
			return fmt.Errorf("%w: %v", errBroken, err)
		}
		switch kind := request.GetKind().(type) {
		case *guestv1.PutTreeRequest_Data:
			if _, err := to.Write(kind.Data); err != nil {
				return err
			}
		case *guestv1.PutTreeRequest_End:
			return io.EOF
		default:
			return fmt.Errorf("%w: a request after the first is start, or empty", errBroken)
		}
	}
}

func putResponse(placed files.Placed, err error) *guestv1.PutTreeResponse {
	if err != nil {
		return &guestv1.PutTreeResponse{Kind: &guestv1.PutTreeResponse_Failure{Failure: fileFailureOf(err)}}
	}
	done := &guestv1.PutDone{Path: placed.Path, Entries: placed.Entries}
	return &guestv1.PutTreeResponse{Kind: &guestv1.PutTreeResponse_Done{Done: done}}
}

// GetTree packs what is at a path.
func (s *fileService) GetTree(
	_ context.Context, request *connect.Request[guestv1.GetTreeRequest], stream *connect.ServerStream[guestv1.GetTreeResponse],
) error {
	if !s.machine.Booted() {
		return notBooted()
	}
	message := request.Msg
	found, err := files.Find(files.Source{Path: message.GetPath(), Follow: message.GetFollow(), Named: message.GetNamed()})
	if err != nil {
		return stream.Send(getFailure(err))
	}
	started := &guestv1.GetStarted{FileKind: fileKinds[found.Kind], SizeBytes: uint64(found.SizeBytes)}
	if err := stream.Send(&guestv1.GetTreeResponse{Kind: &guestv1.GetTreeResponse_Started{Started: started}}); err != nil {
		return err
	}
	chunks := &chunkSender{send: func(data []byte) error {
		return stream.Send(&guestv1.GetTreeResponse{Kind: &guestv1.GetTreeResponse_Data{Data: data}})
	}}
	buffered := bufio.NewWriterSize(chunks, fileChunk)
	skipped, err := files.Get(found, buffered)
	if err == nil {
		err = buffered.Flush()
	}
	if chunks.err != nil {
		return chunks.err
	}
	if err != nil {
		return stream.Send(getFailure(err))
	}
	end := &guestv1.GetEnd{Skipped: textsOf(skipped.Names), SkippedCount: skipped.Count}
	return stream.Send(&guestv1.GetTreeResponse{Kind: &guestv1.GetTreeResponse_End{End: end}})
}

// chunkSender sends what is written, and remembers when the host went away.
type chunkSender struct {
	send func(data []byte) error
	err  error
}

func (c *chunkSender) Write(p []byte) (int, error) {
	for at := 0; at < len(p); at += fileChunk {
		if c.err = c.send(p[at:min(at+fileChunk, len(p))]); c.err != nil {
			return at, c.err
		}
	}
	return len(p), nil
}

func getFailure(err error) *guestv1.GetTreeResponse {
	return &guestv1.GetTreeResponse{Kind: &guestv1.GetTreeResponse_Failure{Failure: fileFailureOf(err)}}
}
