"""A run of anyunix on the nodes of a Slurm cluster: pip install 'anyunix[cluster]' dask-jobqueue

python slurm.py --platform local --subject nginx.yaml
"""

import subprocess
import sys

from dask_jobqueue import SLURMCluster

NODES = 8

with SLURMCluster(
    queue="debug",  # sbatch -p
    walltime="01:00:00",
    cores=4,  # cells side by side on a node
    processes=1,
    memory="8 GB",
    worker_extra_args=["--preload", "anyunix.cluster.worker_plugin"],
    job_script_prologue=['export ANYUNIX_CLUSTER_KEY_FILE="$HOME/anyunix.key"'],
    scheduler_options={"dashboard_address": None},
) as cluster:
    cluster.scale(jobs=NODES)
    cluster.wait_for_workers(1)
    key = ["--cluster-key", "anyunix.key"]
    done = subprocess.run(["anyunix", "run", "--cluster", cluster.scheduler_address, *key, *sys.argv[1:]], check=False)
sys.exit(done.returncode)
