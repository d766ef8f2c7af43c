package identity

import (
	"testing"
)

func TestWhatIsTheSameAsBeforeIsLeftAlone(t *testing.T) {
	who := Identity{Hostname: "web", MachineID: "0123456789abcdef0123456789abcdef", DNSServers: []string{"10.77.0.3"}}
	same := who
	stages, err := who.Assume(Machine{}, &same)
	if err != nil {
		t.Fatal(err)
	}
	var names []string
	for _, stage := range stages {
		names = append(names, stage.Name)
	}
	if len(names) != 3 || names[0] != "entropy" || names[1] != "clock" || names[2] != "sizes" {
		t.Fatal(names)
	}
}
