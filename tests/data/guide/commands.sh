# Create namespace
kubectl create namespace argo-rollouts

# Install Argo Rollouts controller
kubectl apply -n argo-rollouts -f https://github.com/argoproj/argo-rollouts/releases/latest/download/install.yaml

# Verify installation
kubectl get pods -n argo-rollouts

# Linux
curl -LO https://github.com/argoproj/argo-rollouts/releases/latest/download/kubectl-argo-rollouts-linux-amd64
chmod +x kubectl-argo-rollouts-linux-amd64
sudo mv kubectl-argo-rollouts-linux-amd64 /usr/local/bin/kubectl-argo-rollouts

# macOS
brew install argoproj/tap/kubectl-argo-rollouts

# Verify installation
kubectl argo rollouts version

# Apply analysis templates (required before rollout)
kubectl apply -f k8s/argo-rollouts/analysis-templates.yaml

# Verify templates
kubectl get analysistemplates -n amas-prod

# Apply rollout configuration
kubectl apply -f k8s/argo-rollouts/rollout.yaml

# Apply network policies (optional but recommended)
kubectl apply -f k8s/argo-rollouts/network-policy.yaml

# Verify rollout
kubectl get rollout amas-orchestrator -n amas-prod

export NAMESPACE=amas-prod
export ROLLOUT_NAME=amas-orchestrator
export IMAGE_TAG=latest
export DOCKER_REGISTRY=ghcr.io/over7-maker
export IMAGE_NAME=amas-orchestrator

# Using the deployment script
./scripts/deployment/canary_deploy.sh

# Or manually
kubectl set image rollout/amas-orchestrator \
  orchestrator=ghcr.io/over7-maker/amas-orchestrator:v1.2.3 \
  -n amas-prod

# Deploy to inactive environment
./scripts/deployment/blue_green_deploy.sh deploy

# Switch traffic
./scripts/deployment/blue_green_deploy.sh switch

# Rollback
./scripts/deployment/blue_green_deploy.sh rollback

# Promote to next step
kubectl argo rollouts promote amas-orchestrator -n amas-prod

# Promote to 100% (skip remaining steps)
kubectl argo rollouts promote amas-orchestrator -n amas-prod --full

# Get rollout status
kubectl argo rollouts get rollout amas-orchestrator -n amas-prod

# Watch rollout in real-time
kubectl argo rollouts get rollout amas-orchestrator -n amas-prod --watch

# View rollout history
kubectl argo rollouts history amas-orchestrator -n amas-prod

# List analysis runs
kubectl get analysisruns -n amas-prod

# View analysis run details
kubectl get analysisrun <analysis-run-name> -n amas-prod -o yaml

# View analysis run metrics
kubectl describe analysisrun <analysis-run-name> -n amas-prod

# Rollback to previous revision
kubectl rollout undo rollout/amas-orchestrator -n amas-prod

# Rollback to specific revision
kubectl rollout undo rollout/amas-orchestrator --to-revision=2 -n amas-prod

# Abort current rollout
kubectl argo rollouts abort amas-orchestrator -n amas-prod

# Force rollback
kubectl rollout undo rollout/amas-orchestrator -n amas-prod --force

# Check rollout status
kubectl get rollout amas-orchestrator -n amas-prod

# Check analysis runs
kubectl get analysisruns -n amas-prod

# Check pod status
kubectl get pods -n amas-prod -l app=amas-orchestrator

# View rollout events
kubectl describe rollout amas-orchestrator -n amas-prod

# View analysis run details
kubectl get analysisrun <name> -n amas-prod -o yaml

# Check Prometheus connectivity
kubectl run -it --rm debug --image=curlimages/curl --restart=Never -- \
  curl http://prometheus.monitoring.svc.cluster.local:9090/api/v1/query?query=up

# Check ingress configuration
kubectl get ingress -n amas-prod

# Check service endpoints
kubectl get endpoints -n amas-prod

# View NGINX ingress logs
kubectl logs -n ingress-nginx -l app.kubernetes.io/component=controller

# Check rollout history
kubectl rollout history rollout/amas-orchestrator -n amas-prod

# Check revision details
kubectl rollout history rollout/amas-orchestrator --revision=2 -n amas-prod

# View rollout events
kubectl describe rollout amas-orchestrator -n amas-prod
