package power

import "testing"

func TestAMachineEndsByResetWhenItsKernelWasToldHow(t *testing.T) {
	for line, want := range map[string]bool{
		"console=ttyS0 reboot=k panic=-1\n": true,
		"reboot=k":                          true,
		"console=ttyS0 panic=-1\n":          false,
		"reboot=kbd xreboot=k reboot=k,x":   false,
		"":                                  false,
	} {
		if hasResetWord(line) != want {
			t.Fatal(line)
		}
	}
}
