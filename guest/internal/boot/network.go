package boot

import (
	"fmt"

	"banger.dev/guest/internal/identity"
	"banger.dev/guest/internal/uevent"
)

// configureNetwork takes the guest's one interface, whatever its MAC: in a guest that is restored before Boot, it is the
// one of whoever was saved.
func (r *run) configureNetwork() error {
	if err := identity.BringUp("lo"); err != nil {
		return fmt.Errorf("bring up lo: %w", err)
	}
	network := r.plan.Identity.Network
	if network == nil {
		return nil
	}
	var name string
	err := uevent.Await(r.ctx, func() (found bool, err error) {
		name, err = identity.Interface()
		return name != "", err
	})
	if err != nil {
		return fmt.Errorf("wait for the network interface: %w", err)
	}
	return network.Configure(name)
}
