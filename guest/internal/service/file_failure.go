package service

import (
	"errors"
	"strings"

	guestv1 "banger.dev/guest/gen/banger/guest/v1"
	"banger.dev/guest/internal/files"
)

func fileFailureOf(err error) *guestv1.FileFailure {
	var failure *files.Failure
	reason := files.Other
	if errors.As(err, &failure) {
		reason, err = failure.Reason, failure
	}
	return &guestv1.FileFailure{Reason: fileReasons[reason], Message: textOf(err.Error(), longestMessage)}
}

// textOf makes a text that a message can carry of one that may hold a file's name.
func textOf(text string, longest int) string {
	return strings.ToValidUTF8(text[:min(len(text), longest)], "\uFFFD")
}

func textsOf(names []string) []string {
	texts := make([]string, len(names))
	for i, name := range names {
		texts[i] = textOf(name, longestMessage)
	}
	return texts
}
