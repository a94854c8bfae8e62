# Two commands: `make demo` and `make test`. Both install all they need into a cache outside the tree
# (DELIVERY_CACHE, by default ~/.cache/delivery-operator).
.PHONY: demo test fast lint generate format lock clean tbdl guarantees page

# A kubeconfig counts only when it is given to make itself: nobody's cluster is used because a shell happens to know it.
GIVEN = $(if $(filter command line,$(origin KUBECONFIG)),--kubeconfig "$(KUBECONFIG)")

demo: ; @tools/setup && exec tools/demo $(if $(DATA),--data "$(DATA)") $(GIVEN)
test: ; @tools/setup && exec tools/test
fast: ; @tools/setup && exec tools/test fast
lint: ; @tools/setup && exec tools/lint
generate: ; @tools/setup && exec tools/generate
format: ; @tools/setup && exec tools/format
lock: ; @exec tools/lock
# Up to two hours on two cores; a run that has its trace in experiments/tbdl/traces is not made again.
tbdl: ; @tools/setup && experiments/tbdl/run && exec experiments/tbdl/report
# About ten minutes on two cores.
guarantees: ; @tools/setup && exec experiments/guarantees/run
# One HTML file of real results; DELIVERY=out takes the deliveries of your own demo, RUN=out/runs/NAME a run's pressure ladder.
page: ; @tools/setup && exec tools/page $(RUN) $(foreach one,$(DELIVERY),--delivery "$(one)")
clean: ; @cluster/down 2>/dev/null; rm -rf out
