package service

import (
	"archive/tar"
	"bytes"
	"io"
	"os"
	"testing"
	"time"

	"connectrpc.com/connect"

	guestv1 "banger.dev/guest/gen/banger/guest/v1"
	"banger.dev/guest/gen/banger/guest/v1/guestv1connect"
	"banger.dev/guest/internal/boot"
)

func filesOf(t *testing.T, machine *boot.Machine) guestv1connect.FilesServiceClient {
	client, _ := wired(t, machine)
	return guestv1connect.NewFilesServiceClient(client, "http://guest")
}

func fileArchive(t *testing.T, content []byte) []byte {
	t.Helper()
	var archive bytes.Buffer
	writer := tar.NewWriter(&archive)
	if err := writer.WriteHeader(&tar.Header{Name: ".", Mode: 0o600, Size: int64(len(content))}); err != nil {
		t.Fatal(err)
	}
	writer.Write(content)
	writer.Close()
	return archive.Bytes()
}

func put(t *testing.T, client guestv1connect.FilesServiceClient, start *guestv1.PutStart, data []byte) *guestv1.PutTreeResponse {
	t.Helper()
	stream := client.PutTree(t.Context())
	stream.Send(&guestv1.PutTreeRequest{Kind: &guestv1.PutTreeRequest_Start{Start: start}})
	for chunk := range chunksOf(data) {
		// It fails when the answer has come already, which Receive tells.
		if stream.Send(&guestv1.PutTreeRequest{Kind: &guestv1.PutTreeRequest_Data{Data: chunk}}) != nil {
			break
		}
	}
	stream.Send(&guestv1.PutTreeRequest{Kind: &guestv1.PutTreeRequest_End{End: &guestv1.PutEnd{}}})
	response, err := stream.Receive()
	if err != nil {
		t.Fatal(err)
	}
	stream.CloseRequest()
	stream.CloseResponse()
	return response
}

func chunksOf(data []byte) func(yield func([]byte) bool) {
	return func(yield func([]byte) bool) {
		for at := 0; at < len(data); at += fileChunk {
			if !yield(data[at:min(at+fileChunk, len(data))]) {
				return
			}
		}
	}
}

func TestFilesGoInAndOut(t *testing.T) {
	client := filesOf(t, booted(t))
	at := t.TempDir() + "/f"
	content := bytes.Repeat([]byte("0123456789"), 300_000)

	done := put(t, client, &guestv1.PutStart{Path: at}, fileArchive(t, content)).GetDone()
	stream, err := client.GetTree(t.Context(), connect.NewRequest(&guestv1.GetTreeRequest{Path: at}))
	if err != nil {
		t.Fatal(err)
	}
	defer stream.Close()
	stream.Receive()
	started := stream.Msg().GetStarted()
	var archive bytes.Buffer
	for stream.Receive() && stream.Msg().GetEnd() == nil {
		archive.Write(stream.Msg().GetData())
	}
	reader := tar.NewReader(&archive)
	reader.Next()
	out, _ := io.ReadAll(reader)

	if done.GetPath() != at || done.GetEntries() != 1 || started.GetSizeBytes() != uint64(len(content)) {
		t.Error(done, started)
	}
	if !bytes.Equal(out, content) || stream.Msg().GetEnd() == nil {
		t.Error(len(out), stream.Msg(), stream.Err())
	}
}

func TestAPutThatFailsIsAnsweredBeforeItsEnd(t *testing.T) {
	client := filesOf(t, booted(t))

	failure := put(t, client, &guestv1.PutStart{Path: t.TempDir() + "/none/f"}, fileArchive(t, make([]byte, 8<<20))).GetFailure()

	if failure.GetReason() != guestv1.FileFailure_REASON_NOT_FOUND {
		t.Fatal(failure)
	}
}

func TestAPutWhoseHostVanishesLeavesNothing(t *testing.T) {
	machine := booted(t)
	transport, host := wired(t, machine)
	client := guestv1connect.NewFilesServiceClient(transport, "http://guest")
	dir := t.TempDir()
	stream := client.PutTree(t.Context())
	start := &guestv1.PutStart{Path: dir + "/f"}
	stream.Send(&guestv1.PutTreeRequest{Kind: &guestv1.PutTreeRequest_Start{Start: start}})
	some := fileArchive(t, make([]byte, 1<<20))[:500_000]
	for chunk := range chunksOf(some) {
		stream.Send(&guestv1.PutTreeRequest{Kind: &guestv1.PutTreeRequest_Data{Data: chunk}})
	}
	eventually(t, "a temporary file", func() bool { return len(entriesOf(dir)) == 1 })

	host.Close()

	eventually(t, "nothing", func() bool { return len(entriesOf(dir)) == 0 })
}

func TestNothingIsCopiedBeforeBoot(t *testing.T) {
	client := filesOf(t, &boot.Machine{})

	stream, err := client.GetTree(t.Context(), connect.NewRequest(&guestv1.GetTreeRequest{Path: "/"}))
	if err == nil {
		stream.Receive()
		err = stream.Err()
	}

	if connect.CodeOf(err) != connect.CodeFailedPrecondition {
		t.Fatal(err)
	}
}

func entriesOf(dir string) []os.DirEntry {
	entries, _ := os.ReadDir(dir)
	return entries
}

func eventually(t *testing.T, what string, isSo func() bool) {
	t.Helper()
	for deadline := time.Now().Add(10 * time.Second); !isSo(); time.Sleep(time.Millisecond) {
		if time.Now().After(deadline) {
			t.Fatalf("no %s", what)
		}
	}
}
