#!/bin/bash
# matrix.t - the pairs of requests of which one is a registration; bench/matrix asks all pairs
exec "${0%/*}/../bench/matrix" 1 register
