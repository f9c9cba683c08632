"""Why a rollout stands as it does: named causes, each with its evidence and the next step."""
